using System.Diagnostics;
using System.Runtime.InteropServices;

namespace EmbeddingGrpc.Server.Tests.Cache;

/// <summary>A real redis-server on a Unix socket of its own, so that no port is shared with anyone.</summary>
public sealed class RedisServerProcess : IAsyncDisposable
{
    private const int Stop = 19;
    private const int Continue = 18;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("embeddinggrpc-redis-");
    private readonly string[] _arguments;
    private Process? _process;

    private RedisServerProcess(string[] arguments) => _arguments = arguments;

    /// <summary>The socket as StackExchange.Redis takes it.</summary>
    public string EndPoint => $"!{Path.Combine(_directory.FullName, "redis.sock")}";

    /// <summary>Starts one, or skips the test where there is none on this machine.</summary>
    public static RedisServerProcess Start(params string[] arguments)
    {
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        Assert.SkipUnless(
            path.Any(folder => File.Exists(Path.Combine(folder, "redis-server"))), "redis-server is not on PATH; install it (apt-get install redis-server).");
        var server = new RedisServerProcess(arguments);
        server.StartAgain();
        return server;
    }

    public void StartAgain()
    {
        var start = new ProcessStartInfo("redis-server") { RedirectStandardOutput = true, WorkingDirectory = _directory.FullName };
        string[] own = ["--port", "0", "--unixsocket", Path.Combine(_directory.FullName, "redis.sock"), "--save", "", "--appendonly", "no"];
        foreach (var argument in own.Concat(_arguments)) start.ArgumentList.Add(argument);
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, _) => { };
        _process.BeginOutputReadLine();
    }

    /// <summary>Ends it as SIGKILL does.</summary>
    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
        _process = null;
    }

    /// <summary>SIGSTOP: connections stay open and nothing answers.</summary>
    public void Pause() => Send(Stop);

    /// <summary>SIGCONT.</summary>
    public void Resume() => Send(Continue);

    public async ValueTask DisposeAsync()
    {
        if (_process is not null) await KillAsync();
        _directory.Delete(recursive: true);
    }

    private void Send(int signal) => Assert.Equal(0, Kill(_process!.Id, signal));

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int process, int signal);
}
