import { DataTypes, Sequelize, type CreationOptional, type InferAttributes, type InferCreationAttributes, type Model } from 'sequelize'
import { createSchema } from '../databases.js'

const { url, drop } = await createSchema()

export const sequelize = new Sequelize(url, { logging: false })

interface UserModel extends Model<InferAttributes<UserModel>, InferCreationAttributes<UserModel>> {
  id: CreationOptional<string>
  passwordHash: string
}

export const User = sequelize.define<UserModel>('User', {
  id: { type: DataTypes.UUID, primaryKey: true, defaultValue: DataTypes.UUIDV4 },
  passwordHash: { type: DataTypes.STRING, field: 'password_hash', allowNull: false }
}, { tableName: 'users', timestamps: false })

export async function addUser (): Promise<string> {
  const user = await User.create({ passwordHash: 'a hash' })
  return String(user.id)
}

export async function removeUser (id: string): Promise<void> {
  await User.destroy({ where: { id } })
}

export async function close (): Promise<void> {
  await sequelize.close()
  await drop()
}
