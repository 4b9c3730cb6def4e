// `import.js MODULE…`: milliseconds of processor time that a process takes to start and load them. A module itself, as
// an app is: the first one that a process loads costs some milliseconds more.

for (const name of process.argv.slice(2)) await import(name)
const { user, system } = process.cpuUsage()
console.log((user + system) / 1000)
