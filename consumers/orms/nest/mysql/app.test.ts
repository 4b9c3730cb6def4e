import 'reflect-metadata'
import { afterAll, test } from '@jest/globals'
import { Test } from '@nestjs/testing'
import { TypeOrmModule } from '@nestjs/typeorm'
import { DataSource } from 'typeorm'
import { createDatabase } from '../../databases'
import { hold } from '../../hold'
import { overTypeOrm, STORE } from './sessions'
import { SessionsModule } from './sessions.module'
import { User } from './user.entity'
import { UsersService } from './users.service'

hold({ test, after: afterAll }, async () => {
  const { url, drop } = await createDatabase()
  const app = await Test.createTestingModule({
    imports: [TypeOrmModule.forRoot({ type: 'mysql', url, entities: [User] }), SessionsModule],
    providers: [UsersService]
  }).compile()
  const dataSource = app.get(DataSource)
  const users = dataSource.getRepository(User)
  return {
    run: overTypeOrm(dataSource.manager),
    options: { dialect: 'mysql' },
    store: app.get(STORE),
    changePassword: (id, passwordHash) => app.get(UsersService).changePassword(id, passwordHash),
    async addUser () {
      const { id } = await users.save(users.create({ passwordHash: 'a hash' }))
      return id
    },
    async removeUser (id) { await users.delete({ id }) },
    async close () {
      await app.close()
      await drop()
    }
  }
})
