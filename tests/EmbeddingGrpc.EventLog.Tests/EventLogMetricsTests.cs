using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using EmbeddingGrpc.EventLog.Tests.Simulation;
using static EmbeddingGrpc.EventLog.Tests.LogSamples;

namespace EmbeddingGrpc.EventLog.Tests;

public sealed class EventLogMetricsTests
{
    [Fact]
    public async Task Append_AndAgain_CountsEntriesDuplicatesBytesAndSyncs()
    {
        // Other tests count at the same time, so the sums are only bounded from below.
        var sums = new ConcurrentDictionary<string, double>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Name == EventLogMetrics.MeterName) self.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => sums.AddOrUpdate(instrument.Name, value, (_, sum) => sum + value));
        listener.SetMeasurementEventCallback<int>((instrument, value, _, _) => sums.AddOrUpdate(instrument.Name, value, (_, sum) => sum + value));
        listener.SetMeasurementEventCallback<double>((instrument, _, _, _) => sums.AddOrUpdate(instrument.Name, 1, (_, count) => count + 1));
        listener.Start();

        var disk = new SimulatedDisk(seed: 9);
        await using (var log = OpenLog(disk))
        {
            await log.AppendAsync(Numbered(Producer, 1, 100), TestContext.Current.CancellationToken);
            await log.AppendAsync(Numbered(Producer, 51, 100), TestContext.Current.CancellationToken);
            disk.Faults.FreeBytes = 0;
            await Assert.ThrowsAsync<LogUnavailableException>(async () => await log.AppendAsync(Batch(0, 100), TestContext.Current.CancellationToken));
        }
        listener.RecordObservableInstruments();
        Assert.True(sums["embeddinggrpc.log.entries"] >= 150);
        Assert.True(sums["embeddinggrpc.log.duplicates"] >= 50);
        Assert.True(sums["embeddinggrpc.log.refused"] >= 1);
        Assert.True(sums["embeddinggrpc.log.written"] >= 1000);
        Assert.True(sums["embeddinggrpc.log.group.batches"] >= 2);
        Assert.True(sums["embeddinggrpc.log.sync.duration"] >= 2);
    }
}
