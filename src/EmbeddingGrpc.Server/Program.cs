using EmbeddingGrpc.Server.Hosting;

await using var daemon = DaemonHost.Build(args);
await daemon.RunAsync();
