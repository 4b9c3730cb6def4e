import type { Missing } from '../fixtures/services.ts'
import { Campaign, type Fault, type Scale, type Target } from './campaign.ts'
import type { ClientName } from './clients.ts'

export type Targets = Partial<Record<ClientName, () => Promise<Target | Missing>>>

/** Runs a campaign for each client that the command line names, by default for all. A missing one makes the exit code 1. */
export async function runCampaigns (targets: Targets, scale: Scale, run: (campaign: Campaign, client: ClientName, fault: Fault) => Promise<void>): Promise<void> {
  const chosen = process.argv.slice(2)
  for (const client of (chosen.length > 0 ? chosen : Object.keys(targets)) as ClientName[]) {
    const target = await targets[client]?.() ?? `there is no campaign ${client}`
    if (typeof target === 'string') {
      console.log(`${client} is left out: ${target}`)
      process.exitCode = 1
      continue
    }
    const campaign = new Campaign(client, target.url, scale)
    try {
      await campaign.start()
      for (const fault of target.faults) await run(campaign, client, fault)
    } finally {
      await campaign.stop()
      await target.stop()
    }
  }
}
