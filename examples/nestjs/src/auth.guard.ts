import { HttpException, Injectable } from '@nestjs/common'
import type { CanActivate, ExecutionContext } from '@nestjs/common'
import { HttpAdapterHost } from '@nestjs/core'
import type { FastifyAdapter } from '@nestjs/platform-fastify'
import type { FastifyError } from 'fastify'

@Injectable()
export class AuthGuard implements CanActivate {
  constructor (private readonly host: HttpAdapterHost<FastifyAdapter>) {}

  canActivate (context: ExecutionContext): boolean {
    const http = context.switchToHttp()
    try {
      this.host.httpAdapter.getInstance().authenticate(http.getRequest(), http.getResponse())
      return true
    } catch (error) {
      // NestJS would answer without the code, by which clients tell the errors apart, and log a failure of the app.
      const { statusCode, code, message } = error as FastifyError
      if (statusCode === undefined) throw error
      throw new HttpException({ statusCode, code, message }, statusCode)
    }
  }
}
