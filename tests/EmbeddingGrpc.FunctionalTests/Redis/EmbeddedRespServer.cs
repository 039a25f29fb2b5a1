using EmbeddingGrpc.FunctionalTests.Harness;
using Garnet;

namespace EmbeddingGrpc.FunctionalTests.Redis;

/// <summary>Garnet in the tests' own process: needs nothing installed.</summary>
internal sealed class EmbeddedRespServer : IRespServer
{
    private readonly TemporaryDirectory _folder = new();
    private GarnetServer? _server;

    public EmbeddedRespServer()
    {
        var socket = _folder.File("garnet.sock");
        // It insists on a port beside the socket: any free one.
        _server = new GarnetServer(["--unixsocket", socket, "--port", "0", "--bind", "127.0.0.1", "-q", "--memory", "64m", "--index", "1m", "--logger-level", "None"]);
        _server.Start();
        Configuration = $"!{socket}";
    }

    public string Configuration { get; }

    public Task StopAsync()
    {
        _server?.Dispose();
        _server = null;
        return Task.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _folder.Dispose();
    }
}
