import t from 'tap'
import { MemoryStore } from '../../index.ts'
import { propertySuite } from './suite.ts'

propertySuite(t, 60, () => new MemoryStore())
