namespace EmbeddingGrpc.Server.Hosting.Tls;

/// <summary>TLS of both ports: configuration section <c>EmbeddingGrpc:Tls</c>. Off unless both files are named.</summary>
public sealed record TlsOptions
{
    /// <summary>PEM file of the daemon's certificate, followed by the intermediate ones if there are any. Read again when it changes.</summary>
    public string CertificatePath { get; init; } = string.Empty;

    /// <summary>PEM file of its private key, unencrypted.</summary>
    public string KeyPath { get; init; } = string.Empty;

    /// <summary>
    /// PEM file of the authorities whose certificates callers must present; empty asks nobody for one. Probes and <c>/metrics</c> of the HTTP port stay open. Read
    /// again when it changes.
    /// </summary>
    public string ClientCaPath { get; init; } = string.Empty;

    internal bool IsOn => CertificatePath.Length > 0 && KeyPath.Length > 0;

    internal bool AsksClients => IsOn && ClientCaPath.Length > 0;
}
