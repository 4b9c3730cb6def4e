import { Inject, Injectable } from '@nestjs/common'
import type { RunSql, SqlStore } from 'fastify-jwt-refresh/sql'
import { DataSource } from 'typeorm'
import { overTypeOrm, STORE } from './sessions'
import { User } from './user.entity'

@Injectable()
export class UsersService {
  constructor (private readonly dataSource: DataSource, @Inject(STORE) private readonly store: SqlStore<RunSql>) {}

  async changePassword (id: string, passwordHash: string): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      await this.store.with(overTypeOrm(manager)).deleteAll(id)
      await manager.update(User, { id }, { passwordHash })
    })
  }
}
