// `import.js MODULE…`: prints how many milliseconds of processor time a process takes to start and import the modules. This file is
// a module, as an app would be, because the first ES module of a process costs some milliseconds more.

for (const name of process.argv.slice(2)) await import(name)
const { user, system } = process.cpuUsage()
console.log((user + system) / 1000)
