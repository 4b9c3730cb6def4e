import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm'

@Entity('users')
export class User {
  @PrimaryGeneratedColumn({ type: 'bigint' })
  id!: string

  @Column({ name: 'password_hash', type: 'varchar' })
  passwordHash!: string
}
