export { act, commandFlow, logicalOf, lookAt, retried, type Ask, type Flow, type Logical, type Task } from './flow.js'
export { planReshaped } from './plan.js'
export { actScript, CHANGED, lookScript, regroupScript } from './scripts.js'
export {
  dropCommands,
  fieldsAlone,
  pieceCommands,
  readSeen,
  sourceCommands,
  storedPieces,
  textIn,
  type Command,
  type Content,
  type Piece,
  type Seen,
} from './state.js'
export { reshapeTable, type ReshapeRule } from './table.js'
