using Tenon.OpenStack.Http;

namespace Tenon.OpenStack.Configuration;

/// <summary>The cloud's clock, to find out whether this machine's is right.</summary>
public static class CloudClock
{
    /// <summary>
    /// How far this machine's clock is ahead of Keystone's (negative: behind), by the <c>Date</c> header of an answer and to within the time
    /// that the answer took; <see langword="null"/> when Keystone tells no date.
    /// </summary>
    /// <exception cref="HttpRequestException">Keystone cannot be reached.</exception>
    public static async Task<TimeSpan?> ReadSkewAsync(CloudCredentials credentials, TimeProvider time, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(credentials);
        ArgumentNullException.ThrowIfNull(time);
        using SocketsHttpHandler handler = TlsHandlerFactory.Create(credentials.Tls, new CloudClientOptions());
        using var client = new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(15) };
        DateTimeOffset before = time.GetUtcNow();
        using HttpResponseMessage answer = await client.GetAsync(credentials.AuthUrl, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        DateTimeOffset after = time.GetUtcNow();
        if (answer.Headers.Date is not { } date) return null;

        // The header counts whole seconds: anything within the second and the request's own time is no skew.
        if (before > date.AddSeconds(1)) return before - date.AddSeconds(1);
        return after < date ? after - date : TimeSpan.Zero;
    }
}
