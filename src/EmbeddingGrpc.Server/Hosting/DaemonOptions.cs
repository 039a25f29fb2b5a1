using System.ComponentModel.DataAnnotations;

namespace EmbeddingGrpc.Server.Hosting;

/// <summary>The daemon's own settings: configuration section <c>EmbeddingGrpc</c>.</summary>
public sealed record DaemonOptions
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "EmbeddingGrpc";

    /// <summary>Address that both ports listen on.</summary>
    [Required]
    public string Listen { get; init; } = "127.0.0.1";

    /// <summary>Where logs and generations live. One daemon at a time.</summary>
    [Required]
    public string DataDirectory { get; init; } = "./data";

    /// <summary>HTTP/2 cleartext port of the gRPC services; 0 means any free one.</summary>
    [Range(0, 65535)]
    public int GrpcPort { get; init; } = 50051;

    /// <summary>HTTP/1 port of health and metrics; 0 means any free one.</summary>
    [Range(0, 65535)]
    public int HttpPort { get; init; } = 8080;
}
