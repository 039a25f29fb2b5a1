using System.Diagnostics.Metrics;

namespace EmbeddingGrpc.Server.Hosting;

/// <summary>The room that the daemon has on the disk of its data.</summary>
public sealed class DiskMetrics : IHostedService, IDisposable
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "EmbeddingGrpc.Disk";

    private readonly Meter _meter;
    private readonly DriveInfo _disk;

    /// <summary>Creates the instruments.</summary>
    public DiskMetrics(IMeterFactory meters, DataDirectory directory)
    {
        ArgumentNullException.ThrowIfNull(meters);
        ArgumentNullException.ThrowIfNull(directory);
        _disk = new DriveInfo(directory.FullPath);
        _meter = meters.Create(MeterName);
        _meter.CreateObservableGauge("embeddinggrpc.disk.free", () => _disk.AvailableFreeSpace, "By", "Bytes that the daemon may still write to the disk of its data directory");
        _meter.CreateObservableGauge("embeddinggrpc.disk.size", () => _disk.TotalSize, "By", "Size of that disk");
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();
}
