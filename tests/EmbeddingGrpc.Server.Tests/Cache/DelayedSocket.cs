using System.Net.Sockets;

namespace EmbeddingGrpc.Server.Tests.Cache;

/// <summary>A socket before another one, which passes on what is said and lets its callers wait for each answer as long as the test likes.</summary>
public sealed class DelayedSocket : IAsyncDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("embeddinggrpc-delay-");
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly CancellationTokenSource _closing = new();
    private readonly Task _accepting;
    private long _delayTicks;

    /// <param name="target">Path of the socket behind it.</param>
    public DelayedSocket(string target)
    {
        var path = Path.Combine(_directory.FullName, "delayed.sock");
        EndPoint = $"!{path}";
        _listener.Bind(new UnixDomainSocketEndPoint(path));
        _listener.Listen();
        _accepting = AcceptAsync(target);
    }

    /// <summary>The socket as StackExchange.Redis takes it.</summary>
    public string EndPoint { get; }

    /// <summary>How late answers are from now on.</summary>
    public TimeSpan Delay
    {
        get => TimeSpan.FromTicks(Volatile.Read(ref _delayTicks));
        set => Volatile.Write(ref _delayTicks, value.Ticks);
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _closing.Dispose();
        _directory.Delete(recursive: true);
    }

    private async Task AcceptAsync(string target)
    {
        var connections = new List<Task>();
        try
        {
            while (true)
            {
                var caller = await _listener.AcceptAsync(_closing.Token);
                var server = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await server.ConnectAsync(new UnixDomainSocketEndPoint(target), _closing.Token);
                connections.Add(PassOnAsync(caller, server));
            }
        }
        catch (Exception) when (_closing.IsCancellationRequested)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task PassOnAsync(Socket caller, Socket server)
    {
        using (caller)
        using (server)
        {
            var (asked, answered) = (CopyAsync(caller, server, delayed: false), CopyAsync(server, caller, delayed: true));
            await Task.WhenAny(asked, answered);
        }
    }

    private async Task CopyAsync(Socket from, Socket to, bool delayed)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer, _closing.Token) is > 0 and var read)
            {
                if (delayed && Delay > TimeSpan.Zero) await Task.Delay(Delay, _closing.Token);
                await to.SendAsync(buffer.AsMemory(0, read), _closing.Token);
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // One of both is gone, and so is the connection.
        }
    }
}
