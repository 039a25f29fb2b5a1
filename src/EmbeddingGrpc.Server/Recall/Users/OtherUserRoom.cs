using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Recall.Users;

/// <summary>Room for what is read of one other user at a time. Belongs to one thread's scratch and keeps its memory.</summary>
internal sealed class OtherUserRoom
{
    /// <summary>The user's id.</summary>
    public byte[] Id { get; } = new byte[UserDirectory.MaximumIdBytes];

    /// <summary>The history as it is stored.</summary>
    public StoredEvent[] Stored { get; private set; } = [];

    /// <summary>The history.</summary>
    public HistoryEvent[] History { get; private set; } = [];

    /// <summary>Makes room for histories of a model.</summary>
    /// <param name="maximumHistory">Events of the longest.</param>
    public void Fit(int maximumHistory)
    {
        if (Stored.Length >= maximumHistory) return;
        (Stored, History) = (new StoredEvent[maximumHistory], new HistoryEvent[maximumHistory]);
    }
}
