"""Uploaded pictures: decoded and written again as PNG, so nothing of the upload but its pixels is ever served."""

import io
import warnings

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.utils.translation import gettext as _
from PIL import Image, UnidentifiedImageError

MAX_BYTES = 1024 * 1024
MAX_PIXELS = 4096 * 4096
EDGE = 256
FORMATS = ("PNG", "JPEG", "WEBP", "GIF")


def rewritten(upload: bytes) -> bytes:
    """PNG of at most EDGE × EDGE. Raises ValidationError for anything that is not one of FORMATS, SVG included. No upload, no picture."""
    if not upload:
        return b""
    if len(upload) > MAX_BYTES:
        raise ValidationError({"logo": [_("The picture is larger than 1 MiB.")]})
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(upload), formats=FORMATS)
            if image.width * image.height > MAX_PIXELS:
                raise ValidationError({"logo": [_("The picture has too many pixels.")]})
            picture = image.convert("RGBA")
    except (
        UnidentifiedImageError,
        OSError,
        ValueError,
        SyntaxError,
        Image.DecompressionBombWarning,
        Image.DecompressionBombError,
    ) as error:
        raise ValidationError({"logo": [_("This is not a PNG, JPEG, WebP or GIF picture.")]}) from error
    picture.thumbnail((EDGE, EDGE))
    out = io.BytesIO()
    picture.save(out, format="PNG", optimize=True)
    return out.getvalue()


def picture_response(picture: bytes) -> HttpResponse:
    """Pixels of our own writing, and still served as if they were not. The address has to change with the picture."""
    headers = {
        "Cache-Control": "private, max-age=31536000, immutable",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
    }
    return HttpResponse(picture, content_type="image/png", headers=headers)
