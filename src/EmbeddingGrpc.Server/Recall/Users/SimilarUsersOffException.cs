namespace EmbeddingGrpc.Server.Recall.Users;

/// <summary>Similar users were asked for, and the daemon keeps no vectors of users.</summary>
public sealed class SimilarUsersOffException()
    : Exception("Similar users are turned off in this daemon. Set EmbeddingGrpc:Recall:SimilarUsers:MaximumUsers above 0 (it is 100000 unless configured).");
