import { Global, Module } from '@nestjs/common'
import { DataSource } from 'typeorm'
import { openStore, STORE } from './sessions'

@Global()
@Module({ providers: [{ provide: STORE, inject: [DataSource], useFactory: openStore }], exports: [STORE] })
export class SessionsModule {}
