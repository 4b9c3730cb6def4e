import { Injectable } from '@nestjs/common'
import type { CanActivate, ExecutionContext } from '@nestjs/common'
import { HttpAdapterHost } from '@nestjs/core'
import type { FastifyAdapter } from '@nestjs/platform-fastify'

@Injectable()
export class AuthGuard implements CanActivate {
  constructor (private readonly host: HttpAdapterHost<FastifyAdapter>) {}

  canActivate (context: ExecutionContext): boolean {
    const http = context.switchToHttp()
    this.host.httpAdapter.getInstance().authenticate(http.getRequest(), http.getResponse()) // throws a 401
    return true
  }
}
