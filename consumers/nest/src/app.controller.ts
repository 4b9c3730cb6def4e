import { Controller, Get, Post, Req, Res, UseGuards } from '@nestjs/common'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { AccessTokenClaims, TokenResponse } from 'fastify-jwt-refresh'
import { AuthGuard } from './auth.guard'

declare module 'fastify-jwt-refresh' {
  interface Claims { role: 'admin' | 'user' }
}

@Controller()
export class AppController {
  @Post('login')
  async login (@Res({ passthrough: true }) reply: FastifyReply): Promise<TokenResponse> {
    return reply.issueTokens({ sub: 'user-1', role: 'admin' })
  }

  @Get('me')
  @UseGuards(AuthGuard)
  me (@Req() request: FastifyRequest): AccessTokenClaims {
    return request.user
  }
}
