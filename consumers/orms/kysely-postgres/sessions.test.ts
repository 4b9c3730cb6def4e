import { after, test } from 'node:test'
import { hold } from '../hold.js'
import { addUser, close, db, removeUser } from './db.js'
import { changePassword, overKysely, store } from './sessions.js'

hold({ test, after }, async () => ({ run: overKysely(db), options: { dialect: 'postgres' }, store, changePassword, addUser, removeUser, close }))
