namespace Tenon.Core;

/// <summary>
/// A value that is made from files which others renew: certificates, keys. It is made anew when a file's content changes; while a file cannot
/// be read or used (it may be half renewed) the last good value stays. Contents are compared, never times: what Kubernetes mounts
/// changes behind links whose own times stay the same.
/// </summary>
/// <typeparam name="T">What is made.</typeparam>
/// <param name="paths">The files.</param>
/// <param name="make">Makes the value from their contents, in the same order; throws when they cannot be used.</param>
/// <param name="period">How long a value is given out before the files are looked at again.</param>
/// <param name="time">The clock.</param>
/// <param name="stale">Is told why the last good value is kept.</param>
public sealed class FileBacked<T>(IReadOnlyList<string> paths, Func<IReadOnlyList<byte[]>, T> make, TimeSpan period, TimeProvider time, Action<Exception>? stale = null)
    where T : class
{
    private readonly Lock _gate = new();
    private T? _value;
    private byte[][] _contents = [];
    private long _lookedAt;
    private bool _expired;

    /// <summary>The present value. Only the first look throws what reading or making throws.</summary>
    public T Get()
    {
        lock (_gate)
        {
            if (_value is { } known && (paths.Count == 0 || (!_expired && time.GetElapsedTime(_lookedAt) < period))) return known;
            _expired = false;
            _lookedAt = time.GetTimestamp();
            try
            {
                byte[][] contents = [.. paths.Select(File.ReadAllBytes)];
                if (_value is { } same && contents.Zip(_contents).All(pair => pair.First.AsSpan().SequenceEqual(pair.Second))) return same;
                _value = make(contents);
                _contents = contents;
            }
            catch (Exception exception) when (_value is not null)
            {
                stale?.Invoke(exception);
            }

            return _value!;
        }
    }

    /// <summary>Has the files looked at again by the next <see cref="Get"/>: what was made from them was refused.</summary>
    public void Expire()
    {
        lock (_gate) _expired = true;
    }
}
