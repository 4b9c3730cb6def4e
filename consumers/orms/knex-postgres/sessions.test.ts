import { after, test } from 'node:test'
import { hold } from '../hold.js'
import { addUser, close, db, removeUser } from './db.js'
import { changePassword, overKnex, store } from './sessions.js'

hold({ test, after }, async () => ({ run: overKnex(db), options: { dialect: 'postgres', placeholders: '?' }, store, changePassword, addUser, removeUser, close }))
