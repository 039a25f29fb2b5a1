using System.Security.Cryptography;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace EmbeddingGrpc.Server.Hosting;

/// <summary>
/// Does on another thread, while settings are read, what takes a start longest when it is done for the first time, in the order in which it is needed. Nothing is kept but what
/// the libraries keep themselves, and what fails here fails again, with the same error, where it is used.
/// </summary>
internal static class StartAhead
{
    /// <summary>Begins, once a process; a further daemon finds it done.</summary>
    public static void Begin() => _ = Work.Value;

    private static readonly Lazy<Task> Work = new(() => Task.Run(static () =>
    {
        // A collector of nothing: the regular expressions by which OpenTelemetry checks names.
        using (Sdk.CreateMeterProviderBuilder().AddMeter(nameof(StartAhead)).Build())
        {
        }

        // The system's library of cryptography, from which come the seeds of hash tables.
        RandomNumberGenerator.GetBytes(1);
        // From which calls are mapped.
        Descriptors.MakeReady();
    }));
}
