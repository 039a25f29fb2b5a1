using System.Diagnostics;
using EmbeddingGrpc.FunctionalTests.Harness;

namespace EmbeddingGrpc.FunctionalTests.Redis;

/// <summary>A real redis-server, where one is installed.</summary>
internal sealed class RedisServerProcess : IRespServer
{
    private readonly TemporaryDirectory _folder = new();
    private readonly string _program;
    private Process _process;

    private RedisServerProcess(string program)
    {
        _program = program;
        _process = Launch();
        Configuration = $"!{Socket}";
    }

    public string Configuration { get; }

    public static async Task<IRespServer> StartAsync(CancellationToken cancellationToken)
    {
        var server = new RedisServerProcess(InstalledProgram.Require("redis-server"));
        await Eventually.TrueAsync("redis-server has its socket", () => File.Exists(server.Configuration[1..]), cancellationToken);
        return server;
    }

    /// <summary>After <see cref="StopAsync"/>: the same socket, and nothing kept.</summary>
    public void StartAgain()
    {
        _process.Dispose();
        _process = Launch();
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

    private string Socket => _folder.File("redis.sock");

    private Process Launch()
    {
        var process = Process.Start(new ProcessStartInfo(_program, ["--port", "0", "--unixsocket", Socket, "--save", "", "--appendonly", "no", "--dir", _folder.FullPath])
        {
            RedirectStandardOutput = true,
        })!;
        process.BeginOutputReadLine();
        return process;
    }
}
