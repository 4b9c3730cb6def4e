import { after, test } from 'node:test'
import { hold } from '../hold.js'
import { addUser, close, prisma, removeUser } from './db.js'
import { changePassword, overPrisma, store } from './sessions.js'

hold({ test, after }, async () => ({ run: overPrisma(prisma), options: { dialect: 'postgres' }, store, changePassword, addUser, removeUser, close }))
