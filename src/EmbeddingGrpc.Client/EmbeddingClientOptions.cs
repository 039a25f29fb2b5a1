using System.ComponentModel.DataAnnotations;

namespace EmbeddingGrpc.Client;

/// <summary>Where the daemon is and how patiently it is called. The defaults suit a service in the same data centre.</summary>
public sealed record EmbeddingClientOptions
{
    /// <summary>
    /// The daemon's gRPC port, such as <c>http://127.0.0.1:50051</c> or <c>https://recall.example</c>. With <c>dns:///recall-headless:50051</c> calls go round all
    /// addresses that the name has, and the name is looked up again every <see cref="ResolveInterval"/>, so that new daemons get their share.
    /// </summary>
    [Required]
    public string Address { get; init; } = "http://127.0.0.1:50051";

    /// <summary>Whether a <c>dns:///</c> address is spoken to over TLS; the other schemes say it themselves.</summary>
    public bool UseTls { get; init; }

    /// <summary>How often the name of a <c>dns:///</c> address is looked up again. A connection that works is kept as long as its address is there.</summary>
    public TimeSpan ResolveInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The key that a daemon with access keys asks for; empty sends none. Over cleartext it can be read on the way.</summary>
    public string AccessKey { get; init; } = "";

    /// <summary>PEM file of the certificate that a daemon with <c>Tls:ClientCaPath</c> asks for; empty presents none. Read for every connection, so a renewed one is taken.</summary>
    public string ClientCertificatePath { get; init; } = "";

    /// <summary>PEM file of its private key, unencrypted.</summary>
    public string ClientKeyPath { get; init; } = "";

    /// <summary>The model of calls that do not name one.</summary>
    [Required]
    public string Model { get; init; } = "default";

    /// <summary>Deadline of a unary call, all attempts together.</summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Attempts at a call that may safely be repeated, the first included, while the daemon is unavailable. 1 turns retries off.</summary>
    [Range(1, 5)]
    public int MaximumAttempts { get; init; } = 4;

    /// <summary>A connection must be made within this time.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>While calls are open, a quiet connection is pinged this often, so that a peer that vanished is noticed.</summary>
    public TimeSpan KeepAliveDelay { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>A ping unanswered for this long ends the connection.</summary>
    public TimeSpan KeepAliveTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Largest message accepted from the daemon, in bytes. 1000 recalls of 1000 candidates fit the default.</summary>
    [Range(4096, int.MaxValue)]
    public int MaximumResponseSizeBytes { get; init; } = 64 * 1024 * 1024;
}
