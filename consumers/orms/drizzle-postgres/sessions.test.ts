import { after, test } from 'node:test'
import { hold } from '../hold.js'
import { addUser, close, db, removeUser } from './db.js'
import { changePassword, overDrizzle, store } from './sessions.js'

hold({ test, after }, async () => ({ run: overDrizzle(db), options: { dialect: 'postgres' }, store, changePassword, addUser, removeUser, close }))
