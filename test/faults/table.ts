import type { Report } from './campaign.ts'

const COLUMNS = [
  'store', 'fault', 'refreshes', '503', 'slowest 503', 'p99', 'max', 'connection errors', 'recovered', 'served again', 'false log-outs', '500', 'reuse found'
]

/** Times are in milliseconds. */
export function printTable (reports: Report[]): void {
  const rows = reports.map(({ client, fault, tally, thefts, resumed }) => [
    client,
    fault.name,
    tally.refreshes,
    tally.unavailable,
    Math.round(tally.slowest503),
    Math.round(tally.percentile(0.99)),
    Math.round(tally.percentile(1)),
    tally.lostConnections,
    tally.recovered,
    Math.round(resumed),
    tally.falseLogouts.length,
    tally.errors.length,
    `${thefts.filter(({ isFound }) => isFound).length} of ${thefts.length}`
  ].map(String))
  const widths = COLUMNS.map((title, column) => Math.max(title.length, ...rows.map((row) => (row[column] as string).length)))
  const line = (cells: string[]): string => `| ${cells.map((cell, column) => cell.padEnd(widths[column] as number)).join(' | ')} |`
  console.log(['', line(COLUMNS), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n'))
}
