using System.Text.Json;
using System.Text.Json.Serialization;

namespace EmbeddingGrpc.Server.Hosting;

/// <summary>Writes <c>daemon.json</c> into the data directory once the daemon listens, for whoever left the ports to the system; removes it when it stops.</summary>
public sealed partial class DaemonFile(DataDirectory directory, DaemonAddresses addresses, ILogger<DaemonFile> logger) : IHostedLifecycleService
{
    /// <summary>Name of the file.</summary>
    public const string FileName = "daemon.json";

    private string FilePath => Path.Combine(directory.FullPath, FileName);

    /// <summary>An earlier daemon that was killed has left its file.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        File.Delete(FilePath);
        return Task.CompletedTask;
    }

    /// <summary>Tells where the daemon listens. Whoever reads the file sees it whole or not at all.</summary>
    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        var content = new Content(Environment.ProcessId, addresses.Grpc.ToString().TrimEnd('/'), addresses.Http.ToString().TrimEnd('/'));
        var temporary = FilePath + ".tmp";
        await File.WriteAllTextAsync(temporary, JsonSerializer.Serialize(content, ContentJson.Default.Content), cancellationToken);
        File.Move(temporary, FilePath, overwrite: true);
        LogListening(content.Grpc, content.Http, directory.FullPath, content.Pid);
    }

    /// <inheritdoc/>
    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        File.Delete(FilePath);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(1001, LogLevel.Information, "The daemon listens: gRPC at {Grpc}, health and metrics at {Http}, data in {DataDirectory}, process {Pid}.")]
    private partial void LogListening(string grpc, string http, string dataDirectory, int pid);

    private sealed record Content(int Pid, string Grpc, string Http);

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
    [JsonSerializable(typeof(Content))]
    private sealed partial class ContentJson : JsonSerializerContext;
}
