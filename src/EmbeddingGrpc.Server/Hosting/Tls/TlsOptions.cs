namespace EmbeddingGrpc.Server.Hosting.Tls;

/// <summary>TLS of both ports: configuration section <c>EmbeddingGrpc:Tls</c>. Off unless both files are named.</summary>
public sealed record TlsOptions
{
    /// <summary>PEM file of the daemon's certificate, followed by the intermediate ones if there are any. Read again when it changes.</summary>
    public string CertificatePath { get; init; } = string.Empty;

    /// <summary>PEM file of its private key, unencrypted.</summary>
    public string KeyPath { get; init; } = string.Empty;

    internal bool IsOn => CertificatePath.Length > 0 && KeyPath.Length > 0;
}
