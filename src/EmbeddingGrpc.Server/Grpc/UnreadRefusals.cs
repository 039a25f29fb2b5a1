using System.Globalization;
using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Recall.Admission;
using Grpc.Core;

namespace EmbeddingGrpc.Server.Grpc;

/// <summary>
/// Refuses recalls over gRPC while far too many wait: in the response's headers, before the request is read, and without an exception. A refusal that
/// costs as much as a search would let the daemon drown in refusing. Thread-safe.
/// </summary>
public sealed class UnreadRefusals
{
    private const string DetailsHeader = "grpc-status-details-bin";

    // So many different delays: callers refused together do not come back together.
    private const int Variants = 32;

    private static readonly PathString Service = new($"/{RecallService.Descriptor.FullName}");
    private static readonly string ResourceExhausted = ((int)StatusCode.ResourceExhausted).ToString(CultureInfo.InvariantCulture);

    private readonly SearchGate _gate;
    private readonly (string Message, string Details)[] _refusals;

    /// <summary>Makes the refusals.</summary>
    public UnreadRefusals(SearchGate gate, AdmissionOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _gate = gate;
        var message = string.Create(
            CultureInfo.InvariantCulture, $"The daemon has more calls than it can answer within {options.MaximumWait.TotalMilliseconds:0} ms. Call again later, or another daemon.");
        _refusals = [.. Enumerable.Range(0, Variants).Select(variant =>
        {
            var error = RpcErrors.ResourceExhausted("OVERLOADED", message, options.MaximumWait * (1 + (variant / (double)Variants)));
            return (Uri.EscapeDataString(message), Convert.ToBase64String(error.Trailers.GetValueBytes(DetailsHeader)!));
        })];
    }

    /// <summary>Refuses a recall if it would wait too long.</summary>
    /// <returns>False where the call may go on.</returns>
    public bool TryRefuse(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (!context.Request.Path.StartsWithSegments(Service, StringComparison.Ordinal) || !_gate.TryRefuseUnread()) return false;
        var (message, details) = _refusals[Random.Shared.Next(Variants)];
        var headers = context.Response.Headers;
        context.Response.ContentType = "application/grpc";
        headers["grpc-status"] = ResourceExhausted;
        headers["grpc-message"] = message;
        headers[DetailsHeader] = details;
        return true;
    }
}
