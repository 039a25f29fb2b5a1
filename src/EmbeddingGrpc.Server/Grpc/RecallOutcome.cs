using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Cache;
using Google.Protobuf;
using Grpc.Core;

namespace EmbeddingGrpc.Server.Grpc;

/// <summary>What one query of a batch or of a stream came to: a reply or an error, as a <c>oneof</c> of two fields of the message around it.</summary>
public readonly struct RecallOutcome
{
    private readonly RecallReply? _reply;
    private readonly byte[]? _error;

    /// <summary>An answer.</summary>
    public RecallOutcome(RecallReply reply) => _reply = reply;

    /// <summary>Why there is none.</summary>
    public RecallOutcome(RpcException error)
    {
        ArgumentNullException.ThrowIfNull(error);
        var written = new RecallError { Code = (int)error.StatusCode, Message = error.Status.Detail };
        if (error.GetRpcStatus() is { } status) written.Details.Add(status.Details);
        _error = written.ToByteArray();
    }

    /// <summary>Bytes of the field.</summary>
    internal int SizeBytes => 1 + CodedOutputStream.ComputeLengthSize(ValueBytes) + ValueBytes;

    private int ValueBytes => _reply?.SizeBytes ?? _error!.Length;

    /// <summary>Decodes it, for who wants the message.</summary>
    public BatchRecallResult ToResult() =>
        _reply is not null ? new BatchRecallResult { Response = _reply.ToResponse() } : new BatchRecallResult { Error = RecallError.Parser.ParseFrom(_error) };

    /// <summary>Writes the field.</summary>
    /// <param name="output">Where to; has room for <see cref="SizeBytes"/>.</param>
    /// <param name="replyField">Number of the field that has the answer.</param>
    /// <param name="errorField">Number of the field that has the error.</param>
    internal void WriteTo(ref ProtobufWriter output, int replyField, int errorField)
    {
        output.Tag(_reply is not null ? replyField : errorField, WireFormat.WireType.LengthDelimited);
        output.VarInt((uint)ValueBytes);
        if (_reply is not null) _reply.WriteTo(ref output);
        else output.Bytes(_error);
    }
}
