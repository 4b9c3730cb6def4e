import { PrismaPg } from '@prisma/adapter-pg'
import { createSchema } from '../databases.js'
import { PrismaClient } from './generated/client.js'

const { url, schema, drop } = await createSchema()

export const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: url }, { schema }) })

export async function addUser (): Promise<string> {
  const { id } = await prisma.user.create({ data: { passwordHash: 'a hash' } })
  return id
}

export async function removeUser (id: string): Promise<void> {
  await prisma.user.delete({ where: { id } })
}

export async function close (): Promise<void> {
  await prisma.$disconnect()
  await drop()
}
