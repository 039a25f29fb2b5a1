using System.Globalization;
using EmbeddingGrpc.Cli.Models;

namespace EmbeddingGrpc.Cli.Status;

/// <summary>A daemon's status in rows: a name and what there is to say.</summary>
internal static class StatusScreen
{
    private const double Mebibyte = 1024 * 1024;

    /// <summary>One screen.</summary>
    /// <param name="now">What is.</param>
    /// <param name="before">What was, and how long ago: with it, rates are shown.</param>
    public static IReadOnlyList<IReadOnlyList<string>> Rows(DaemonStatus now, (DaemonStatus Status, TimeSpan Age)? before = null)
    {
        var rows = new List<IReadOnlyList<string>>();
        foreach (var model in now.Models) AddModel(rows, model);
        foreach (var unavailable in now.Unavailable) rows.Add(["not open", unavailable]);
        if (now.Process is { } process)
        {
            rows.Add(["memory", $"{Mebibytes(process.WorkingSetBytes)} in use, {Mebibytes(process.HeapBytes)} of it .NET's heap"]);
            rows.Add(["serving", $"vectors {Mebibytes(process.VectorBytes)}, indexes {Mebibytes(process.IndexBytes)}"]);
            rows.Add(["processor", $"{process.CpuSeconds:0.0} s since the start{Rate(before, status => status.Process?.CpuSeconds, process.CpuSeconds, "0.00", "cores")}"]);
        }
        if (now.Ingest is { } ingest)
        {
            var appended = Rate(before, status => status.Ingest?.Appended, ingest.Appended, "N0", "a second");
            rows.Add(["ingest", $"{ingest.Streams:0} streams, {ingest.Appended:N0} appended{appended}, {ingest.Duplicates:N0} known already, {ingest.Rejected:N0} refused"]);
        }
        if (now.Recall is { } recall)
        {
            rows.Add(["recall", $"{recall.Calls:N0} answers{Rate(before, status => status.Recall?.Calls, recall.Calls, "N0", "a second")}{Latency(recall)}"]);
            rows.Add(["cache", $"{Share(recall.FromMemory, recall.Calls)} from memory, {Share(recall.FromRedis, recall.Calls)} from Redis, {Share(recall.FromSearch, recall.Calls)} searched"]);
        }
        return rows;
    }

    private static void AddModel(List<IReadOnlyList<string>> rows, ModelDocument model)
    {
        var notApplied = model.DurableOffset - Math.Min(model.AppliedOffset, model.DurableOffset);
        var notTrained = model.DurableOffset - Math.Min(model.TrainedOffset, model.DurableOffset);
        var from = model.EventsFrom is null ? "" : $", events from {model.EventsFrom}";
        rows.Add([$"model {model.Name}", $"{model.DurableOffset:N0} interactions on disk, {notApplied:N0} not yet applied, {notTrained:N0} not yet trained, {model.UserCount:N0} users{from}"]);
        var serving = model.Serving is { } generation
            ? $"generation {generation.Number} ({generation.Id}), {generation.ItemCount:N0} items x {generation.Dimension}, made {generation.CreateTime}"
            : "nothing serves: train it or import vectors";
        rows.Add(["", model.Training ? serving + "; a training runs" : serving]);
    }

    private static string Latency(RecallStatus recall) => recall is { P50Seconds: { } p50, P99Seconds: { } p99 }
        ? $", half within {Milliseconds(p50)}, 99 of 100 within {Milliseconds(p99)}"
        : "";

    private static string Milliseconds(double seconds) =>
        double.IsInfinity(seconds) ? "more than the slowest bucket" : string.Create(CultureInfo.InvariantCulture, $"{seconds * 1000:0.###} ms");

    private static string Mebibytes(double bytes) => $"{bytes / Mebibyte:N1} MiB";

    private static string Share(double part, double all) => all > 0 ? $"{part / all:P1}" : "0 %";

    private static string Rate((DaemonStatus Status, TimeSpan Age)? before, Func<DaemonStatus, double?> value, double now, string format, string unit)
    {
        if (before is not { } earlier || value(earlier.Status) is not { } then || earlier.Age <= TimeSpan.Zero) return "";
        return $" ({Math.Max(0, (now - then) / earlier.Age.TotalSeconds).ToString(format, CultureInfo.InvariantCulture)} {unit})";
    }
}
