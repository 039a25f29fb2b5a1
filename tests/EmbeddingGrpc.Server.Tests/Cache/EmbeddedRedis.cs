using Garnet;

namespace EmbeddingGrpc.Server.Tests.Cache;

/// <summary>A RESP server in this process, on a Unix socket of its own: the Redis path runs wherever the tests run.</summary>
public sealed class EmbeddedRedis : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("embeddinggrpc-garnet-");
    private readonly GarnetServer _server;

    public EmbeddedRedis(params string[] arguments)
    {
        // It insists on a port beside the socket: any free one.
        string[] own = ["--unixsocket", Path.Combine(_directory.FullName, "garnet.sock"), "--port", "0", "--bind", "127.0.0.1", "-q", "--memory", "64m", "--index", "1m", "--logger-level", "None"];
        _server = new GarnetServer([.. own, .. arguments]);
        _server.Start();
    }

    /// <summary>The socket as StackExchange.Redis takes it.</summary>
    public string EndPoint => $"!{Path.Combine(_directory.FullName, "garnet.sock")}";

    public void Dispose()
    {
        _server.Dispose();
        _directory.Delete(recursive: true);
    }
}
