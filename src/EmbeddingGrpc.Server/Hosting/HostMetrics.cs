using System.Diagnostics.Metrics;

namespace EmbeddingGrpc.Server.Hosting;

/// <summary>The room that the daemon has: on the disk of its data, and in memory.</summary>
public sealed class HostMetrics : IHostedService, IDisposable
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "EmbeddingGrpc.Hosting";

    private readonly Meter _meter;
    private readonly DriveInfo _disk;

    /// <summary>Creates the instruments.</summary>
    public HostMetrics(IMeterFactory meters, DataDirectory directory)
    {
        ArgumentNullException.ThrowIfNull(meters);
        ArgumentNullException.ThrowIfNull(directory);
        _disk = new DriveInfo(directory.FullPath);
        _meter = meters.Create(MeterName);
        _meter.CreateObservableGauge("embeddinggrpc.disk.free", () => _disk.AvailableFreeSpace, "By", "Bytes that the daemon may still write to the disk of its data directory");
        _meter.CreateObservableGauge("embeddinggrpc.disk.size", () => _disk.TotalSize, "By", "Size of that disk");
        // The container's limit where there is one.
        _meter.CreateObservableGauge("embeddinggrpc.memory.limit", () => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, "By", "Memory that the process may use before it is killed or the system swaps, as the runtime sees it");
        _meter.CreateObservableGauge("embeddinggrpc.memory.resident", () => Environment.WorkingSet, "By", "Memory of the process that is in RAM, mapped files included");
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();
}
