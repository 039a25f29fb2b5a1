using BenchmarkDotNet.Running;
using EmbeddingGrpc.Benchmarks.EventLog;
using EmbeddingGrpc.Benchmarks.Indexing;
using EmbeddingGrpc.Benchmarks.Pipeline;
using EmbeddingGrpc.Benchmarks.Serving;

// A load program is named first; anything else is BenchmarkDotNet's.
if (args is ["log-load", ..]) return await LogLoad.RunAsync(args[1..]);
if (args is ["slow-disk-load", ..]) return await SlowDiskLoad.RunAsync(args[1..]);
if (args is ["apply-load", ..]) return await ApplyLoad.RunAsync(args[1..]);
if (args is ["echo-server", ..]) return await EchoServer.RunAsync(args[1..]);
if (args is ["search-load", ..]) return SearchLoad.Run(args[1..]);
if (args is ["walk-load", ..]) return WalkLoad.Run(args[1..]);
if (args is ["session-load", ..]) return await SessionLoad.RunAsync(args[1..]);
if (args is ["batch-load", ..]) return await BatchLoad.RunAsync(args[1..]);
if (args is ["filter-load", ..]) return await FilterLoad.RunAsync(args[1..]);
if (args is ["index-open", ..]) return IndexOpenLoad.Run(args[1..]);
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
return 0;
