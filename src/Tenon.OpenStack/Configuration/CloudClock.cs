using Tenon.OpenStack.Http;

namespace Tenon.OpenStack.Configuration;

/// <summary>The cloud's clock, to find out whether this machine's is right.</summary>
public static class CloudClock
{
    /// <summary>
    /// How far this machine's clock is ahead of the cloud's (negative: behind), by the <c>Date</c> header of an answer and to within the time
    /// that the answer took; <see langword="null"/> when none of the addresses tells a date.
    /// </summary>
    /// <param name="tls">How to speak to the cloud.</param>
    /// <param name="urls">Addresses to ask in turn; not every server in front of a service sends a date.</param>
    /// <param name="time">This machine's clock.</param>
    /// <param name="cancellationToken">Ends the question.</param>
    /// <exception cref="HttpRequestException">An address cannot be reached.</exception>
    public static async Task<TimeSpan?> ReadSkewAsync(TlsSettings tls, IEnumerable<Uri> urls, TimeProvider time, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(tls);
        ArgumentNullException.ThrowIfNull(urls);
        ArgumentNullException.ThrowIfNull(time);
        using SocketsHttpHandler handler = TlsHandlerFactory.Create(tls, new CloudClientOptions());
        using var client = new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(15) };
        foreach (Uri url in urls)
            if (await AskAsync(client, url, time, cancellationToken) is { } skew) return skew;
        return null;
    }

    private static async Task<TimeSpan?> AskAsync(HttpClient client, Uri url, TimeProvider time, CancellationToken cancellationToken)
    {
        DateTimeOffset before = time.GetUtcNow();
        using HttpResponseMessage answer = await client.GetAsync(url, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        DateTimeOffset after = time.GetUtcNow();
        if (answer.Headers.Date is not { } date) return null;

        // The header counts whole seconds: anything within the second and the request's own time is no skew.
        if (before > date.AddSeconds(1)) return before - date.AddSeconds(1);
        return after < date ? after - date : TimeSpan.Zero;
    }
}
