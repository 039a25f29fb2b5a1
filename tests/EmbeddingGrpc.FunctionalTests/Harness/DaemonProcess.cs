using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using EmbeddingGrpc.Protocol.V1;
using Grpc.Health.V1;
using Grpc.Net.Client;

namespace EmbeddingGrpc.FunctionalTests.Harness;

/// <summary>The built daemon as a process of its own, on ports that the system chose. Killed with its test.</summary>
internal sealed class DaemonProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _output = new();
    private GrpcChannel? _channel;
    private HttpClient? _http;

    private DaemonProcess(Process process)
    {
        _process = process;
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        _process.StandardInput.Close();
    }

    public int Id => _process.Id;

    public Uri GrpcAddress { get; private set; } = null!;

    public Uri HttpAddress { get; private set; } = null!;

    /// <summary>All that it has written so far, for the message of a failing test and for tests of what it says.</summary>
    public string Output => string.Join(Environment.NewLine, _output);

    public GrpcChannel Channel => _channel!;

    /// <summary>Speaks HTTP/1 to the second port.</summary>
    public HttpClient Http => _http!;

    public EventService.EventServiceClient Events => new(Channel);

    public RecallService.RecallServiceClient Recall => new(Channel);

    public ModelService.ModelServiceClient Models => new(Channel);

    public CatalogService.CatalogServiceClient Catalog => new(Channel);

    public Health.HealthClient Health => new(Channel);

    /// <summary>Starts a daemon and waits until it listens.</summary>
    /// <param name="dataDirectory">Where its data lies; the daemon makes it if it is missing.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <param name="settings">Such as <c>--EmbeddingGrpc:Model:Training:Dimension=16</c>.</param>
    public static Task<DaemonProcess> StartAsync(string dataDirectory, CancellationToken cancellationToken, params string[] settings) =>
        StartAsync(dataDirectory, new Dictionary<string, string>(), cancellationToken, settings);

    /// <summary>Starts a daemon with variables of its environment and waits until it listens.</summary>
    public static async Task<DaemonProcess> StartAsync(
        string dataDirectory, IReadOnlyDictionary<string, string> environment, CancellationToken cancellationToken, params string[] settings)
    {
        var daemon = new DaemonProcess(Launch(dataDirectory, settings, environment));
        try
        {
            await daemon.WaitUntilListeningAsync(dataDirectory, cancellationToken);
            return daemon;
        }
        catch
        {
            await daemon.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts a daemon that is expected to end by itself, and waits for that; one that starts to listen fails the test.</summary>
    public static async Task<ProgramRun> RunAsync(string dataDirectory, CancellationToken cancellationToken, params string[] settings)
    {
        using var process = Launch(dataDirectory, settings);
        process.StandardInput.Close();
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
            var errors = process.StandardError.ReadToEndAsync(cancellationToken);
            await Eventually.TrueAsync("the daemon ends", () =>
            {
                Assert.False(ReadAddresses(dataDirectory)?.Pid == process.Id, $"The daemon started with {string.Join(' ', settings)}");
                return process.HasExited;
            }, cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            return new ProgramRun(process.ExitCode, await output, await errors);
        }
        finally
        {
            if (!process.HasExited) process.Kill();
        }
    }

    /// <summary>Starts a daemon and kills it soon, whether it listens by then or not.</summary>
    /// <param name="dataDirectory">Where its data lies.</param>
    /// <param name="after">How soon.</param>
    /// <param name="settings">Such as <c>--EmbeddingGrpc:Model:Training:Dimension=16</c>.</param>
    public static async Task KillDuringStartAsync(string dataDirectory, TimeSpan after, params string[] settings)
    {
        await using var daemon = new DaemonProcess(Launch(dataDirectory, settings));
        await Task.Delay(after);
        await daemon.KillAsync();
    }

    /// <summary>Starts a daemon, tells it to stop soon, whether it listens by then or not, and waits for its end.</summary>
    /// <param name="dataDirectory">Where its data lies.</param>
    /// <param name="after">How soon.</param>
    /// <returns>Its exit code, and all that it wrote.</returns>
    public static async Task<(int ExitCode, string Output)> TerminateDuringStartAsync(string dataDirectory, TimeSpan after)
    {
        await using var daemon = new DaemonProcess(Launch(dataDirectory, []));
        await Task.Delay(after);
        daemon.Terminate();
        await daemon._process.WaitForExitAsync(CancellationToken.None);
        return (daemon._process.ExitCode, daemon.Output);
    }

    /// <summary>SIGKILL: nothing is flushed, closed or told.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
    }

    /// <summary>SIGTERM, without waiting for the end.</summary>
    public void Terminate() => PosixSignal.SendTerminate(_process);

    /// <returns>The exit code, once the process has ended.</returns>
    public async Task<int> WaitForExitAsync(CancellationToken cancellationToken)
    {
        await _process.WaitForExitAsync(cancellationToken);
        return _process.ExitCode;
    }

    /// <summary>SIGTERM, and waits for the end.</summary>
    public Task<int> StopAsync(CancellationToken cancellationToken)
    {
        Terminate();
        return WaitForExitAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        _channel?.Dispose();
        _http?.Dispose();
        if (!_process.HasExited) await KillAsync();
        _process.Dispose();
    }

    private static Process Launch(string dataDirectory, string[] settings, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(
            Build.DaemonExecutable, [$"--EmbeddingGrpc:DataDirectory={dataDirectory}", "--EmbeddingGrpc:GrpcPort=0", "--EmbeddingGrpc:HttpPort=0", .. settings])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };

        // Settings of whoever runs the tests are not the test's.
        foreach (var name in start.Environment.Keys.Where(IsSetting).ToList()) start.Environment.Remove(name);
        foreach (var (name, value) in environment ?? new Dictionary<string, string>()) start.Environment[name] = value;
        return Process.Start(start) ?? throw new InvalidOperationException($"{start.FileName} did not start.");
    }

    private static bool IsSetting(string variable) =>
        variable.StartsWith("EmbeddingGrpc__", StringComparison.OrdinalIgnoreCase) || variable.StartsWith("ASPNETCORE_", StringComparison.OrdinalIgnoreCase)
        || variable.StartsWith("Redis__", StringComparison.OrdinalIgnoreCase) || variable.StartsWith("Logging__", StringComparison.OrdinalIgnoreCase);

    private async Task WaitUntilListeningAsync(string dataDirectory, CancellationToken cancellationToken)
    {
        DaemonAddresses? addresses = null;
        await Eventually.TrueAsync("the daemon listens", () =>
        {
            if (_process.HasExited) Assert.Fail($"The daemon ended with code {_process.ExitCode}:{Environment.NewLine}{Output}");
            addresses = ReadAddresses(dataDirectory);
            // A killed predecessor leaves its file.
            return addresses?.Pid == Id;
        }, cancellationToken);

        GrpcAddress = addresses!.Grpc;
        HttpAddress = addresses.Http;
        _channel = GrpcChannel.ForAddress(GrpcAddress, new GrpcChannelOptions { MaxReceiveMessageSize = null, MaxSendMessageSize = null });
        _http = new HttpClient { BaseAddress = HttpAddress };
    }

    // The daemon removes a predecessor's file when it starts, so it may go between the look and the read.
    private static DaemonAddresses? ReadAddresses(string dataDirectory)
    {
        try
        {
            return JsonSerializer.Deserialize<DaemonAddresses>(File.ReadAllText(Path.Combine(dataDirectory, "daemon.json")), JsonSerializerOptions.Web);
        }
        catch (IOException)
        {
            return null;
        }
    }

    private void Keep(string? line)
    {
        if (line is not null) _output.Enqueue(line);
    }

    private sealed record DaemonAddresses(int Pid, Uri Grpc, Uri Http);
}
