namespace Tenon.Nodes.Plugging;

/// <summary>
/// Lets one call a key in at a time. Whoever enters may have those who came before asked to give up: a call that takes a container away ends the one that is
/// plugging it, since the runtime gave that up, or the pod is gone.
/// </summary>
internal sealed class Gate
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Turn> _turns = new(StringComparer.Ordinal);

    /// <summary>Waits for the key's turn.</summary>
    /// <param name="key">What is entered, such as a container.</param>
    /// <param name="interrupt">Whether those who came before, in their turn or waiting for it, are asked to give up.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The turn, to be disposed at its end.</returns>
    public async Task<Pass> EnterAsync(string key, bool interrupt, CancellationToken cancellationToken)
    {
        Pass pass;
        Pass[] earlier;
        lock (_lock)
        {
            Turn turn = TurnOf(key);
            earlier = interrupt ? [.. turn.Passes] : [];
            turn.Passes.Add(pass = new Pass(this, key, turn, cancellationToken));
        }

        // Outside the lock: what waits for these tokens may go on right here.
        foreach (Pass one in earlier) one.Interrupt();
        try
        {
            await pass.Turn.Free.WaitAsync(cancellationToken);
            return pass;
        }
        catch
        {
            Leave(pass);
            throw;
        }
    }

    /// <summary>Enters if nobody is in and nobody waits; <see langword="null"/> otherwise.</summary>
    public Pass? TryEnter(string key)
    {
        lock (_lock)
        {
            if (_turns.ContainsKey(key)) return null;
            Turn turn = TurnOf(key);
            var pass = new Pass(this, key, turn, CancellationToken.None);
            turn.Passes.Add(pass);
            turn.Free.Wait(0);
            return pass;
        }
    }

    private Turn TurnOf(string key)
    {
        if (!_turns.TryGetValue(key, out Turn? turn)) _turns[key] = turn = new Turn();
        return turn;
    }

    private void Leave(Pass pass)
    {
        lock (_lock)
        {
            pass.Turn.Passes.Remove(pass);
            if (pass.Turn.Passes.Count == 0) _turns.Remove(pass.Key);
        }

        pass.End();
    }

    /// <summary>Those who want one key. Nobody waits for its semaphore by a handle, so that it need not be disposed.</summary>
    internal sealed class Turn
    {
        public SemaphoreSlim Free { get; } = new(1);

        public List<Pass> Passes { get; } = [];
    }

    /// <summary>The right to a key, or the wait for it.</summary>
    internal sealed class Pass : IDisposable
    {
        private readonly Gate _gate;
        private readonly CancellationTokenSource _given;

        internal Pass(Gate gate, string key, Turn turn, CancellationToken cancellationToken)
        {
            (_gate, Key, Turn) = (gate, key, turn);
            _given = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            Token = _given.Token;
        }

        /// <summary>Cancelled with the caller's token, and when somebody who comes later asks for the key to be given up.</summary>
        public CancellationToken Token { get; }

        internal string Key { get; }

        internal Turn Turn { get; }

        public void Dispose()
        {
            Turn.Free.Release();
            _gate.Leave(this);
        }

        internal void Interrupt()
        {
            try
            {
                _given.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // It has given up by itself.
            }
        }

        internal void End() => _given.Dispose();
    }
}
