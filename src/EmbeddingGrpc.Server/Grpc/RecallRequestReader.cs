using System.Globalization;
using System.Text;
using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Recall;
using Google.Protobuf;
using Google.Rpc;

namespace EmbeddingGrpc.Server.Grpc;

/// <summary>Validates a <see cref="RecallRequest"/> into a <see cref="RecallQuery"/>. Names every field that is wrong, not only the first.</summary>
public static class RecallRequestReader
{
    /// <summary>Bytes of an id at most.</summary>
    public const int MaximumIdBytes = 256;

    private const int DefaultK = 10;
    private const int MostViolations = 20;

    /// <summary>Reads one request.</summary>
    /// <exception cref="global::Grpc.Core.RpcException">INVALID_ARGUMENT, with each field at fault.</exception>
    public static RecallQuery Read(RecallRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        var violations = new List<BadRequest.Types.FieldViolation>();
        var k = request.HasK ? request.K : DefaultK;
        if (k is < 1 or > RecallQuery.MaximumK) Refuse(violations, "k", $"is {k}; must be 1..{RecallQuery.MaximumK}");
        ReadExcludes(request, violations);
        var subject = ReadSubject(request, violations);
        CheckSeen(request, subject, violations);
        if (request.HasMinimumScore && !float.IsFinite(request.MinimumScore))
            Refuse(violations, "minimum_score", $"is {request.MinimumScore}; must be finite; leave it out to answer whatever the score");
        var sources = ReadSources(request, subject, violations);
        if (request.Explain && subject is ItemSubject or VectorSubject)
            Refuse(violations, "explain", "needs a user or a session query: an item or a vector is its own reason");
        // Written so that NaN is refused.
        if (request.HasColdShare && !(request.ColdShare is >= 0 and <= 1))
            Refuse(violations, "cold_share", string.Create(CultureInfo.InvariantCulture, $"is {request.ColdShare}; must be 0..1: 0.2 keeps a fifth of the answer for items too new for the serving generation"));
        var targetRecall = request.HasTargetRecall ? request.TargetRecall : 0;
        if (request.HasTargetRecall && targetRecall is not (1 or (>= RecallQuery.LeastTargetRecall and <= RecallQuery.MostTargetRecall)))
        {
            Refuse(violations, "target_recall", FormattableString.Invariant(
                $"is {targetRecall}; must be {RecallQuery.LeastTargetRecall:0.00}..{RecallQuery.MostTargetRecall}, or 1 for an exact search"));
        }

        var interests = ReadInterests(request, violations);
        var filter = request.Filter is null ? null : new FilterReader(violations).Read(request.Filter, "filter");
        if (violations.Count > 0) throw RpcErrors.InvalidArgument(violations);

        return new RecallQuery
        {
            Subject = subject!,
            K = (int)k,
            Excludes = request.ExcludeItemIds,
            Filter = filter,
            // The own items of a session without a user are all it has seen, and they are left out already.
            ExcludeSeen = request.ExcludeSeen && subject!.HistoryOf is not null,
            // Of a query that says how many it leaves out, older ones may be answered.
            IncludeQueryItems = request.IncludeQueryItems || request.HasExcludeSeenLast,
            ExcludeSeenLast = request.HasExcludeSeenLast ? (int)request.ExcludeSeenLast : 0,
            MinimumScore = request.HasMinimumScore ? request.MinimumScore : null,
            Sources = sources,
            Explain = request.Explain,
            ColdShare = request.ColdShare,
            Interests = interests,
            TargetRecall = targetRecall,
        };
    }

    private static void CheckSeen(RecallRequest request, RecallSubject? subject, List<BadRequest.Types.FieldViolation> violations)
    {
        var hasSeen = subject is not (ItemSubject or VectorSubject);
        if (request.ExcludeSeen && !hasSeen)
            Refuse(violations, "exclude_seen", "needs a user or a session query: nothing else has items that were seen");
        if (request is { ExcludeSeen: true, IncludeQueryItems: true })
            Refuse(violations, "include_query_items", "contradicts exclude_seen: the query's items are items that were seen");
        if (!request.HasExcludeSeenLast) return;
        if (request.ExcludeSeenLast is < 1 or > RecallQuery.MaximumExcludeSeenLast)
            Refuse(violations, "exclude_seen_last", $"is {request.ExcludeSeenLast}; must be 1..{RecallQuery.MaximumExcludeSeenLast}; leave it out to exclude none");
        if (!hasSeen) Refuse(violations, "exclude_seen_last", "needs a user or a session query: nothing else has items that were seen");
        if (request.ExcludeSeen) Refuse(violations, "exclude_seen_last", "contradicts exclude_seen, which leaves out all that was seen; give one of them");
        if (request.IncludeQueryItems)
            Refuse(violations, "exclude_seen_last", "contradicts include_query_items, which leaves out nothing that was seen; give one of them");
    }

    private static RecallSources ReadSources(RecallRequest request, RecallSubject? subject, List<BadRequest.Types.FieldViolation> violations)
    {
        if (request.Sources.Count == 0) return RecallSources.All;
        var sources = RecallSources.None;
        for (var i = 0; i < request.Sources.Count; i++)
        {
            var source = request.Sources[i] switch
            {
                RecallSource.Embedding => RecallSources.Embedding,
                RecallSource.Graph => RecallSources.Graph,
                RecallSource.Popular => RecallSources.Popular,
                RecallSource.Catalog => RecallSources.Catalog,
                RecallSource.SimilarUsers => RecallSources.SimilarUsers,
                _ => RecallSources.None,
            };
            if (source == RecallSources.None)
                Refuse(violations, $"sources[{i}]", $"is {(int)request.Sources[i]}; must be RECALL_SOURCE_EMBEDDING, RECALL_SOURCE_GRAPH, RECALL_SOURCE_POPULAR, RECALL_SOURCE_CATALOG or RECALL_SOURCE_SIMILAR_USERS");
            sources |= source;
        }

        if (subject is ItemSubject or VectorSubject && sources is not (RecallSources.None or RecallSources.Embedding))
            Refuse(violations, "sources", "may only be RECALL_SOURCE_EMBEDDING with an item or a vector query");
        // Those queries have one source: said or not, it is the same question.
        return subject is ItemSubject or VectorSubject ? RecallSources.All : sources;
    }

    private static void ReadExcludes(RecallRequest request, List<BadRequest.Types.FieldViolation> violations)
    {
        var excludes = request.ExcludeItemIds;
        if (excludes.Count > RecallQuery.MaximumExcludes)
        {
            Refuse(violations, "exclude_item_ids", $"has {excludes.Count} items; at most {RecallQuery.MaximumExcludes} are allowed");
            return;
        }

        for (var i = 0; i < excludes.Count; i++) CheckId(violations, excludes[i], "exclude_item_ids", i);
    }

    private static RecallSubject? ReadSubject(RecallRequest request, List<BadRequest.Types.FieldViolation> violations)
    {
        switch (request.QueryCase)
        {
            case RecallRequest.QueryOneofCase.Item:
                CheckId(violations, request.Item.ItemId, "item.item_id");
                return new ItemSubject(request.Item.ItemId);
            case RecallRequest.QueryOneofCase.User:
                CheckId(violations, request.User.UserId, "user.user_id");
                return new UserSubject(request.User.UserId) { HalfLife = ReadHalfLife(request.User, violations) };
            case RecallRequest.QueryOneofCase.Session:
                return ReadSession(request.Session, violations);
            case RecallRequest.QueryOneofCase.Vector:
                return ReadVector(request.Vector, violations);
            default:
                Refuse(violations, "query", "is missing; set one of item, user, session, vector");
                return null;
        }
    }

    private static int? ReadInterests(RecallRequest request, List<BadRequest.Types.FieldViolation> violations)
    {
        var (field, given) = request switch
        {
            { QueryCase: RecallRequest.QueryOneofCase.User, User.HasInterests: true } => ("user.interests", request.User.Interests),
            { QueryCase: RecallRequest.QueryOneofCase.Session, Session.HasInterests: true } => ("session.interests", request.Session.Interests),
            _ => ("", default(uint?)),
        };
        if (given is < 1 or > RecallQuery.MaximumInterests) Refuse(violations, field, $"is {given}; must be 1..{RecallQuery.MaximumInterests}; leave it out for the daemon's setting");
        return (int?)given;
    }

    private static TimeSpan? ReadHalfLife(UserQuery user, List<BadRequest.Types.FieldViolation> violations)
    {
        if (user.HalfLife is not { } given) return null;
        // Compared as seconds: what a message may hold is beyond a TimeSpan.
        var seconds = given.Seconds + (given.Nanos / 1e9);
        if (Math.Abs((long)given.Nanos) <= 999_999_999 && seconds >= UserSubject.LeastHalfLife.TotalSeconds && seconds <= UserSubject.MostHalfLife.TotalSeconds)
            return TimeSpan.FromSeconds(seconds);
        Refuse(violations, "user.half_life", FormattableString.Invariant(
            $"is {seconds} s; must be {UserSubject.LeastHalfLife.TotalSeconds:0} s..{UserSubject.MostHalfLife.TotalSeconds:0} s ({UserSubject.MostHalfLife.TotalDays:0} days); leave it out to go by the order of the history"));
        return null;
    }

    private static SessionSubject? ReadSession(SessionQuery session, List<BadRequest.Types.FieldViolation> violations)
    {
        if (session.Items.Count is < 1 or > SessionSubject.MaximumItems)
        {
            Refuse(violations, "session.items", $"has {session.Items.Count} items; must have 1..{SessionSubject.MaximumItems}");
            return null;
        }

        var entries = new SessionEntry[session.Items.Count];
        var allZero = true;
        for (var i = 0; i < entries.Length; i++)
        {
            var item = session.Items[i];
            CheckId(violations, item.ItemId, "session.items", i, ".item_id");
            if (item.HasWeight && !(float.IsFinite(item.Weight) && item.Weight >= 0))
                Refuse(violations, $"session.items[{i}].weight", $"is {item.Weight}; must be finite and at least 0");
            allZero &= item is { HasWeight: true, Weight: 0 };
            entries[i] = new SessionEntry(item.ItemId, item.HasWeight ? item.Weight : null);
        }

        if (allZero) Refuse(violations, "session.items", "all have weight 0; give at least one a weight above 0, or leave the weights out");
        if (session.UserId.Length > 0) CheckId(violations, session.UserId, "session.user_id");
        // Written so that NaN is refused.
        if (session.HasHistoryWeight && !(session.HistoryWeight is >= 0 and <= 1))
        {
            Refuse(violations, "session.history_weight", FormattableString.Invariant(
                $"is {session.HistoryWeight}; must be 0..1: 0.5 gives the stored history half of the query"));
        }

        if (session.HasHistoryWeight && session.UserId.Length == 0)
            Refuse(violations, "session.history_weight", "needs session.user_id: the history is that user's");
        return new SessionSubject(entries)
        {
            UserId = session.UserId.Length > 0 ? session.UserId : null,
            HistoryWeight = session.HasHistoryWeight ? session.HistoryWeight : null,
        };
    }

    private static VectorSubject? ReadVector(VectorQuery vector, List<BadRequest.Types.FieldViolation> violations)
    {
        var values = UnsafeCollectionOperations.AsSpan(vector.Values);
        if (values.Length == 0)
        {
            Refuse(violations, "vector.values", "is empty; give as many values as the model has dimensions");
            return null;
        }

        for (var i = 0; i < values.Length; i++)
            if (!float.IsFinite(values[i]))
                Refuse(violations, $"vector.values[{i}]", $"is {values[i]}; must be finite");
        if (!values.ContainsAnyExcept(0f)) Refuse(violations, "vector.values", "are all zero; a zero vector has no direction");
        return new VectorSubject(new MessageVector(vector.Values).Memory);
    }

    private static void CheckId(List<BadRequest.Types.FieldViolation> violations, string id, string field, int index = -1, string member = "")
    {
        if (id.Length is > 0 and <= MaximumIdBytes / 4 || (id.Length > 0 && Encoding.UTF8.GetByteCount(id) <= MaximumIdBytes))
        {
            if (!id.AsSpan().ContainsAnyInRange('\0', '\u001F') && !id.AsSpan().ContainsAnyInRange('\u007F', '\u009F')) return;
        }

        // The name of the field is made only for an id that is refused: lists have up to 10,000.
        var name = index < 0 ? field : $"{field}[{index}]{member}";
        Refuse(violations, name, $"must be 1..{MaximumIdBytes} bytes of UTF-8 without control characters");
    }

    private static void Refuse(List<BadRequest.Types.FieldViolation> violations, string field, string description)
    {
        if (violations.Count < MostViolations) violations.Add(new BadRequest.Types.FieldViolation { Field = field, Description = description });
    }
}
