namespace Tenon.Nodes.Plugging;

/// <summary>
/// Lets one call a container in at a time. A call that takes the container away ends the one that is plugging it: the runtime gave that up, or the pod is gone.
/// </summary>
internal sealed class ContainerGate
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Turn> _turns = new(StringComparer.Ordinal);

    /// <summary>Waits for the container's turn.</summary>
    /// <param name="containerId">The container.</param>
    /// <param name="interrupt">Whether whoever has the turn is asked to give up.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The turn, to be disposed at its end.</returns>
    public async Task<Pass> EnterAsync(string containerId, bool interrupt, CancellationToken cancellationToken)
    {
        Turn turn;
        lock (_lock)
        {
            if (!_turns.TryGetValue(containerId, out turn!)) _turns[containerId] = turn = new Turn();
            turn.Users++;
            if (interrupt) turn.Holder?.Cancel();
        }

        try
        {
            await turn.Free.WaitAsync(cancellationToken);
        }
        catch
        {
            Leave(containerId, turn);
            throw;
        }

        var given = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        lock (_lock) turn.Holder = given;
        return new Pass(this, containerId, turn, given);
    }

    private void Leave(string containerId, Turn turn)
    {
        lock (_lock)
        {
            if (--turn.Users > 0) return;
            _turns.Remove(containerId);
            turn.Free.Dispose();
        }
    }

    private void Release(string containerId, Turn turn, CancellationTokenSource given)
    {
        lock (_lock)
        {
            turn.Holder = null;
            given.Dispose();
        }

        turn.Free.Release();
        Leave(containerId, turn);
    }

    /// <summary>Those who want one container.</summary>
    internal sealed class Turn
    {
        public SemaphoreSlim Free { get; } = new(1);

        public int Users { get; set; }

        public CancellationTokenSource? Holder { get; set; }
    }

    /// <summary>The right to a container.</summary>
    internal sealed class Pass(ContainerGate gate, string containerId, Turn turn, CancellationTokenSource given) : IDisposable
    {
        /// <summary>Cancelled with the caller's token, and when somebody else asks for the container to be given up.</summary>
        public CancellationToken Token { get; } = given.Token;

        public void Dispose() => gate.Release(containerId, turn, given);
    }
}
