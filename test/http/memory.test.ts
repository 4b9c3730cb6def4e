import t from 'tap'
import { MemoryStore } from '../../index.ts'
import { httpSuite } from './suite.ts'

httpSuite(t, () => new MemoryStore())
