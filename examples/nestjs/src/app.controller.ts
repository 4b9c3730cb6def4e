import { Body, Controller, Get, Post, Req, Res, UnauthorizedException, UseGuards } from '@nestjs/common'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { AccessTokenClaims, TokenResponse } from 'fastify-jwt-refresh'
import { AuthGuard } from './auth.guard'
import { UsersService } from './users.service'

declare module 'fastify-jwt-refresh' {
  interface Claims { role: 'admin' | 'user' }
}

@Controller()
export class AppController {
  constructor (private readonly users: UsersService) {}

  @Post('login')
  async login (
    @Body('email') email: unknown,
    @Body('password') password: unknown,
    @Res({ passthrough: true }) reply: FastifyReply
  ): Promise<TokenResponse> {
    const user = await this.users.checkPassword(email, password)
    if (user === null) throw new UnauthorizedException('Wrong e-mail or password')
    return reply.issueTokens({ sub: user.id, role: user.role })
  }

  @Get('me')
  @UseGuards(AuthGuard)
  me (@Req() request: FastifyRequest): AccessTokenClaims {
    return request.user
  }
}
