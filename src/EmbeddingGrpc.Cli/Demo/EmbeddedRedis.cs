using Garnet;

namespace EmbeddingGrpc.Cli.Demo;

/// <summary>A RESP server in this process, so that the Redis path is what runs where no Redis is installed.</summary>
internal sealed class EmbeddedRedis : IDisposable
{
    private readonly string _socket;
    private readonly GarnetServer _server;

    /// <param name="directory">Where its socket is made. A socket needs no free port, and is gone with the directory.</param>
    public EmbeddedRedis(string directory)
    {
        _socket = Path.Combine(directory, "redis.sock");
        // Garnet insists on a port beside the socket: any free one.
        _server = new GarnetServer(
            ["--unixsocket", _socket, "--bind", "127.0.0.1", "--port", "0", "-q", "--memory", "64m", "--index", "1m", "--logger-level", "None"]);
        _server.Start();
    }

    /// <summary>Where it is, as StackExchange.Redis takes it.</summary>
    public string Configuration => "!" + _socket;

    public void Dispose() => _server.Dispose();
}
