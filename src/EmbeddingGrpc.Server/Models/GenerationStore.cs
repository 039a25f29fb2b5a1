using EmbeddingGrpc.Server.Models.FoldIn;

namespace EmbeddingGrpc.Server.Models;

/// <summary>The serving generation of one model. Swapping is one write; a request leases once and keeps it to its end. Any number of threads.</summary>
public sealed class GenerationStore : IDisposable
{
    private Generation? _serving;

    /// <summary>A generation has begun to serve. Raised on the thread that published it.</summary>
    public event Action<GenerationInfo>? Published;

    /// <summary>What is asked of whatever serves: the next generation is asked it too, before it serves and once it does.</summary>
    public AskedQueries Asked { get; } = new();

    /// <summary>How long recalls take.</summary>
    public LongestRecall LongestRecall { get; } = new();

    /// <summary>What fold-in has done, whatever served.</summary>
    internal FoldInCounts FoldIn { get; } = new();

    /// <summary>What serves; null while nothing does.</summary>
    public GenerationInfo? Serving => Volatile.Read(ref _serving)?.Info;

    /// <summary>Items that the serving generation was not trained on and has all the same.</summary>
    public int FoldedItems
    {
        get
        {
            if (!TryLease(out var lease)) return 0;
            using (lease) return lease.Generation.ItemCount - lease.Generation.Vocabulary.Count;
        }
    }

    /// <summary>Leases the serving generation.</summary>
    /// <returns>False while none serves.</returns>
    public bool TryLease(out GenerationLease lease)
    {
        while (Volatile.Read(ref _serving) is { } generation)
        {
            if (generation.TryAcquire())
            {
                lease = new GenerationLease(generation);
                return true;
            }

            // Freed between the read and the lease: another one serves by now.
        }

        lease = default;
        return false;
    }

    /// <summary>Makes a generation serve. The store takes the caller's lease; the replaced generation is freed by its last reader.</summary>
    public void Publish(Generation generation)
    {
        ArgumentNullException.ThrowIfNull(generation);
        var info = generation.Info;
        Interlocked.Exchange(ref _serving, generation)?.Release();
        Published?.Invoke(info);
    }

    /// <summary>Lets go of the serving generation; nothing serves any more.</summary>
    public void Dispose() => Interlocked.Exchange(ref _serving, null)?.Release();
}
