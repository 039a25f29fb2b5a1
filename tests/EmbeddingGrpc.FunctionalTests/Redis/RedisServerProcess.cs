using System.Diagnostics;
using EmbeddingGrpc.FunctionalTests.Harness;

namespace EmbeddingGrpc.FunctionalTests.Redis;

/// <summary>A real redis-server, where one is installed.</summary>
internal sealed class RedisServerProcess : IRespServer
{
    private readonly TemporaryDirectory _folder = new();
    private readonly Process _process;

    private RedisServerProcess(string program)
    {
        var socket = _folder.File("redis.sock");
        _process = Process.Start(new ProcessStartInfo(program, ["--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no", "--dir", _folder.FullPath])
        {
            RedirectStandardOutput = true,
        })!;
        _process.BeginOutputReadLine();
        Configuration = $"!{socket}";
    }

    public string Configuration { get; }

    public static async Task<IRespServer> StartAsync(CancellationToken cancellationToken)
    {
        var server = new RedisServerProcess(InstalledProgram.Require("redis-server"));
        await Eventually.TrueAsync("redis-server has its socket", () => File.Exists(server.Configuration[1..]), cancellationToken);
        return server;
    }

    public async Task StopAsync()
    {
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _process.Dispose();
        _folder.Dispose();
    }
}
