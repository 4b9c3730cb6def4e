import { after, test } from 'node:test'
import { hold } from '../hold.js'
import { addUser, close, sequelize, removeUser } from './db.js'
import { changePassword, overSequelize, store } from './sessions.js'

hold({ test, after }, async () => ({ run: overSequelize(sequelize), options: { dialect: 'postgres' }, store, changePassword, addUser, removeUser, close }))
