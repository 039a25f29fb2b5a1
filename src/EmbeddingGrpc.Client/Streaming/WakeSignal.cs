using System.Threading.Channels;

namespace EmbeddingGrpc.Client.Streaming;

/// <summary>Wakes one waiter; setting it any number of times before it is waited for counts once. Nothing is allocated for either.</summary>
internal sealed class WakeSignal
{
    private readonly Channel<bool> _channel = Channel.CreateBounded<bool>(new BoundedChannelOptions(1)
    {
        FullMode = BoundedChannelFullMode.DropWrite,
        SingleReader = true,
    });

    public void Set() => _channel.Writer.TryWrite(true);

    public async ValueTask WaitAsync(CancellationToken cancellationToken = default) => await _channel.Reader.ReadAsync(cancellationToken);
}
